"""通用件: protocols, hardened parsing and signing profiles that the interfaces share."""
