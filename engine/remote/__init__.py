"""A run here, watched from elsewhere: messages over TCP, a server beside the loop, a client."""
