"""What model servers send, and what it means: answers, thoughts and refusals."""
