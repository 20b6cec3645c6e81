"""The clients that are checked: their package, their environment, and how each is pointed at a server."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parents[2]
Environment = Literal[".venv-clients", ".venv-clients-openai2"]


@dataclass(frozen=True, slots=True)
class Client:
    """`module` is the file in `bench.clients.each`; `pointed` is the line that names the server to the client."""

    name: str
    package: str
    module: str
    pointed: str
    environment: Environment = ".venv-clients"

    @property
    def python(self) -> Path:
        return ROOT / self.environment / "bin" / "python"


CLIENTS = (
    Client("openai", "openai", "openai_sdk", 'OpenAI(base_url="http://127.0.0.1:8000/v1", api_key="none")'),
    Client(
        "mistralai",
        "mistralai",
        "mistralai_sdk",
        'Mistral(server_url="http://127.0.0.1:8000", api_key="none")',
    ),
    Client(
        "litellm",
        "litellm",
        "litellm_sdk",
        'completion(model="openai/wren", api_base="http://127.0.0.1:8000/v1", api_key="none", ...)',
    ),
    Client(
        "LangChain",
        "langchain-openai",
        "langchain",
        'ChatOpenAI(model="wren", base_url="http://127.0.0.1:8000/v1", api_key="none")',
    ),
    Client(
        "LlamaIndex",
        "llama-index-llms-openai-like",
        "llama_index",
        'OpenAILike(model="wren", api_base="http://127.0.0.1:8000/v1", api_key="none", is_chat_model=True)',
        ".venv-clients-openai2",
    ),
    Client(
        "llm",
        "llm",
        "llm_command",
        '{model_id: wren, model_name: wren, api_base: "http://127.0.0.1:8000/v1"} in extra-openai-models.yaml',
    ),
    Client(
        "aider",
        "aider-chat",
        "aider_command",
        "aider --model openai/wren --openai-api-base http://127.0.0.1:8000/v1 --openai-api-key none",
        ".venv-clients-openai2",
    ),
    Client(
        "lm-evaluation-harness",
        "lm-eval",
        "lm_eval_harness",
        "--model local-completions --model_args base_url=http://127.0.0.1:8000/models/wren/v1/completions,...",
    ),
)
