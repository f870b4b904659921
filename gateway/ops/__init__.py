"""运维: health, metrics, admin API."""
