"""Typer's commands with plain parameters: words, whole numbers and paths are read without pydantic.

Typer 0.29 builds a pydantic adapter for every parameter of the command that runs, and importing pydantic alone takes
as long as all the rest of `learn progress`. Where Typer changes inside, these classes do nothing and Typer's own
conversion comes back: slower, and as right (tests/test_cli.py tells when that happens).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

COMPLETING = "_LEARN_COMPLETE"  # set by the completion of a shell, which asks for all names
# A flag comes as a bool already; Typer's own --show-completion comes as None when it is not given.
_READERS: dict[Any, Callable[[Any], Any]] = {str: str, int: int, bool: bool, Path: Path}


class PlainCommand(TyperCommand):
    """A command whose parameters are read without pydantic."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its parameters, --help and --show-completion among them."""
        return _plain(super().get_params(ctx))


class PlainGroup(TyperGroup):
    """A group of commands, likewise.

    `aliases` are other names of its commands, which the help does not list. `never_offered` are those that no typo
    leads to: Typer would offer `reset` for `rest`.
    """

    aliases: ClassVar[Mapping[str, str]] = {}
    never_offered: ClassVar[Collection[str]] = ()

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name or alias; None where there is none."""
        return super().get_command(ctx, self.aliases.get(cmd_name, cmd_name))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is typed. An unknown one is an error that offers near ones."""
        if not (ctx.resilient_parsing or args[0].startswith("-") or self.get_command(ctx, args[0])):
            from difflib import get_close_matches

            near = get_close_matches(args[0], sorted({*self.commands, *self.aliases}))
            if near and near[0] in self.never_offered:
                near = []  # nor what is less near to it
            offered = " or ".join(f"`{name}`" for name in near if name not in self.never_offered)
            ctx.fail(f"No such command {args[0]!r}.{offered and f' Did you mean {offered}?'}")
        return super().resolve_command(ctx, args)

    def get_params(self, ctx: Any) -> list[Any]:
        """Its parameters, --help and --show-completion among them."""
        return _plain(super().get_params(ctx))


def for_line(app: typer.Typer, arguments: Sequence[str], aliases: Mapping[str, str]) -> typer.Typer:
    """The app with the one command that these arguments begin with; with all of them where that takes them.

    Typer builds every command before it runs one: of twenty that is a seventh of `learn progress`.
    """
    if COMPLETING in os.environ:
        return app
    word = arguments[0] if arguments else ""
    named = aliases.get(word, word)
    commands = [
        info for info in app.registered_commands if named == (info.name or getattr(info.callback, "__name__", None))
    ]
    groups = [info for info in app.registered_groups if named == info.name]
    if word and not commands and not groups:
        return app  # an option, or a word that is none of theirs: the help and the offer name all
    narrow = copy(app)
    narrow.registered_commands, narrow.registered_groups = commands, groups
    return narrow


def _plain(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        annotation = getattr(getattr(parameter, "type_descriptor", None), "annotation", None)
        many = annotation == list[str]
        reader = str if many else _READERS.get(annotation)
        if reader is not None:
            parameter.get_runtime_param = _Reading(parameter, reader, many)
    return parameters


class _Reading:
    """Stands in for a parameter's `get_runtime_param`, and for what that returns."""

    def __init__(self, parameter: Any, reader: Callable[[str], Any], many: bool) -> None:
        info = parameter.type_descriptor.parameter_info
        self._reader = reader
        self._many = many
        self._least = getattr(info, "min", None)

    def __call__(self) -> _Reading:
        return self

    def coerce(self, value: Any, param: Any, ctx: typer.Context) -> Any:
        """What the command gets for what was typed; None and an empty list mean that nothing was."""
        if self._many:
            return [self._reader(word) for word in value or ()]
        if value is None:
            return None
        try:
            read = self._reader(value)
        except ValueError:
            raise typer.BadParameter(f"{value!r} is no whole number.", ctx=ctx, param=param) from None
        if self._least is not None and read < self._least:
            raise typer.BadParameter(f"{read} is less than {self._least}.", ctx=ctx, param=param)
        return read
