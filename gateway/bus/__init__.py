"""消息: the road. One behavioural suite, two buses."""
