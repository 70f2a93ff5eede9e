"""What a field of an event, a command or a setting is: its form in words, and its privacy class."""

from collections.abc import Iterator
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, NewType, Union, get_args, get_origin

from pydantic import BaseModel

from domain.kernel.privacy import DataClass

_WORDS = {str: "text", int: "integer", bool: "true or false", dict: "object", Any: "any", Ellipsis: ""}


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str, DataClass | None]]:
    """Yield path, form and privacy class of each field, those of nested parts with a path of their own."""
    for name, field in model.model_fields.items():
        own = next((entry for entry in field.metadata if isinstance(entry, DataClass)), None)
        yield from _leaf(f"{prefix}{name}", field.annotation, own)


def _leaf(path: str, annotation: Any, own: DataClass | None) -> Iterator[tuple[str, str, DataClass | None]]:
    nested = list(models_in(annotation))
    if not nested:
        yield path, form(annotation), own or class_of(annotation)
    for model in nested:
        yield from leaves(model, f"{path}[]." if "list" in form(annotation) else f"{path}.")


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that an annotation is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in _parts(annotation):
        yield from models_in(part)


def class_of(annotation: Any) -> DataClass | None:
    """Return the privacy class that an annotation carries, its own or that of the id inside it."""
    if get_origin(annotation) is Annotated:
        for entry in get_args(annotation)[1:]:
            if isinstance(entry, DataClass):
                return entry
    return next((found for part in _parts(annotation) if (found := class_of(part))), None)


def form(annotation: Any) -> str:
    """Return the form of a value in words: `list of text`, `LearnerId`, `short_term, long_term`."""
    if isinstance(annotation, NewType):
        return str(annotation.__name__)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(str(member.value) for member in annotation)
    parts = [form(part) for part in _parts(annotation) if part is not NoneType and part is not Ellipsis]
    if get_origin(annotation) in {tuple, list}:
        return f"list of {parts[0]}"
    if get_origin(annotation) is dict or not parts:
        name = get_origin(annotation) or annotation
        return _WORDS.get(name) or str(getattr(name, "__name__", name))
    return " or ".join(parts)


def _parts(annotation: Any) -> tuple[Any, ...]:
    if isinstance(annotation, NewType):
        return (annotation.__supertype__,)
    if get_origin(annotation) is Annotated:
        return get_args(annotation)[:1]
    if get_origin(annotation) in {Union, UnionType, tuple, list}:
        return get_args(annotation)
    return ()
