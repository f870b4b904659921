"""药品集中采购平台: a provincial procurement platform, in XML inside SOAP (representative profile, ours)."""
