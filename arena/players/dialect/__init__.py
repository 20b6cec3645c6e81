"""Read what model servers send: answers, thoughts and refusals."""
