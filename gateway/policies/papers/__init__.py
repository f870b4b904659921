"""政策文件: the papers, what the regions' terms take from them, and the checks and tables made of both."""
