"""``milepost completion``: a script that has a shell complete commands, options and files."""

from __future__ import annotations

import os

import click

VARIABLE = "_MILEPOST_COMPLETE"
"""What the script asks us by; click answers it before any command is called."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), required=False)
def command(shell: str | None) -> None:
    """Print a script that has a shell complete commands, options and files.

    Without SHELL it is for the one you log in with ($SHELL).

    \b
    bash  eval "$(milepost completion bash)"       in ~/.bashrc
    zsh   eval "$(milepost completion zsh)"        in ~/.zshrc, after compinit
    fish  milepost completion fish | source        in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    from milepost.cli.main import group
    from milepost.errors import UsageError

    found = shell or os.path.basename(os.environ.get("SHELL", ""))
    kind = get_completion_class(found)
    if kind is None:
        raise UsageError(
            f"there is no completion for `{found}`" if found else "your shell is not known",
            remedy="name one of bash, zsh, fish",
        )
    click.echo(kind(group, {}, "milepost", VARIABLE).source())


command.epilog = 'Example: eval "$(milepost completion bash)"'
