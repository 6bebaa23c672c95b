"""What a statistician would use instead of us, from kept packages of the extra `judges`, each imported when asked."""
