"""Chat layouts: a conversation as the text and marks that a model was trained on.

conversation    messages, which are joined where a layout takes turns
layouts         the built-in layouts: Mistral's, Llama 2's, Zephyr's, ChatML
jinja_template  any other published template, run in a sandbox
typed           which characters of a rendered text come from the conversation
sandbox         the child process that runs templates, and its bounds
sandbox_child   the script of that process
recognition     which layout a model folder has
"""
