"""规则运行: the policies over a stream or a history of messages, their states kept in the journal."""
