"""接入: the door for partners: authenticate before parsing, answer line by line after the commit."""
