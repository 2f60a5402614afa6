# make learn   install into .venv and take the tour          make bench         measure against the budgets
# make test    lint, types, our tests, the course's proof    make constraints   resolve constraints.txt anew
# make clean   remove what these made
#
# Another Python: make learn PYTHON=python3.13. Written for GNU make 3.81 (macOS) and any POSIX shell.

NAMED_PYTHON := $(PYTHON)
PYTHON ?= python3
VENV ?= .venv
LEARN = "$(VENV)/bin/learn"
RUN = "$(VENV)/bin/python"
# Twice the cores: tests mostly wait for servers. By file, so that a file's servers are started once, the longest first
# (tests/conftest.py). A test that fails has one more try, and is told by name (R): what passes only then is unsteady,
# and to be mended.
PYTEST = $(RUN) -m pytest --numprocesses "$$(( $$(getconf _NPROCESSORS_ONLN) * 2 ))" --dist loadfile --no-loadscope-reorder --reruns 1 -raR --durations 15
STEP = printf '\n== %s\n'

# A virtual environment knows its own absolute path: one that was copied or moved along with the folder, or was made
# with another Python than the one named now, is made again.
STALE := $(shell { read -r place; read -r python; } 2>/dev/null <"$(VENV)/installed"; \
	[ "$$place" = "$$(pwd -P)" ] && [ "$$python" = "$(or $(NAMED_PYTHON),$$python)" ] || echo again)

.PHONY: learn test other-python bench page constraints clean again

learn: $(VENV)/installed
	@$(LEARN) tour
	@printf '\n  Here that is  $(VENV)/bin/learn next\n  or, shorter   . $(VENV)/bin/activate   and from then on plain learn\n'

test: $(VENV)/installed
	@$(STEP) 'ruff' && $(RUN) -m ruff check . && $(RUN) -m ruff format --check .
	@$(STEP) 'mypy --strict' && $(RUN) -m mypy
	@$(STEP) 'our tests' && $(PYTEST)
	@$(STEP) 'the course: every scaffold, right solution and wrong solution' && $(LEARN) dev check
	@$(STEP) 'the course: each check alone, with what it needs, on servers started as learn check does' && $(LEARN) dev check --alone --cold
	@$(STEP) 'make test: all passed (ruff, mypy --strict, our tests, learn dev check)'

# What a second Python, with its own Django, can change: make other-python PYTHON=python3.13 VENV=.venv-3.13
other-python: $(VENV)/installed
	@$(STEP) "our tests on $$($(RUN) --version)" && $(PYTEST)
	@$(STEP) 'the course: scaffolds, right solutions, and one wrong solution for each diagnosis' && $(LEARN) dev check --sample

bench: $(VENV)/installed
	@$(RUN) -m benchmarks.bench

# What a check may use, from the docstrings of the harness.
page: $(VENV)/installed
	@$(RUN) -m checker.reference >checker/README.md.new && mv checker/README.md.new checker/README.md

# One list for every Python and platform of [tool.uv] in pyproject.toml, with hashes and without the registry's address.
constraints:
	@command -v uv >/dev/null || { echo 'make constraints needs uv: python3 -m pip install uv'; exit 1; }
	uv pip compile --universal --python-version 3.11 --extra dev --upgrade --quiet \
		--generate-hashes --no-header --output-file constraints.txt pyproject.toml

clean:
	rm -rf .venv .venv-* .mypy_cache .pytest_cache .ruff_cache build dist
	find benchmarks checker course exercises solutions tests -name __pycache__ -prune -exec rm -rf {} +
	rm -rf __pycache__

# All that is pinned comes first, checked by its hash: the tools of `make test` and hatchling among it. Then the course
# itself, for which pip has nothing left to fetch.
$(VENV)/installed: constraints.txt pyproject.toml $(STALE)
	@command -v "$(PYTHON)" >/dev/null || { echo '$(PYTHON) is not found. Name a Python: make learn PYTHON=python3.13'; exit 1; }
	@"$(PYTHON)" -c "$$CAN_INSTALL"
	@"$(PYTHON)" -m venv $(if $(STALE),--clear) "$(VENV)"
	@echo "Installing into $(VENV) (about 400 MB; what pip says is kept in $(VENV)/install.log):"
	@{ $(RUN) -m pip install --require-hashes --requirement constraints.txt && \
	   $(RUN) -m pip install --no-deps --no-build-isolation --editable . && echo everything is installed; } 2>&1 \
	 | tee "$(VENV)/install.log" | $(RUN) -c "$$SHOW_INSTALL"
	@{ pwd -P; echo "$(PYTHON)"; } >"$(VENV)/installed"

define CAN_INSTALL
import platform, sys
name, version = platform.python_implementation(), sys.version_info[:2]
if sys.platform == "win32":
    sys.exit("learn-asgi needs Linux or macOS. On Windows, use it inside WSL.")
if name != "CPython" or not (3, 11) <= version < (3, 15):
    sys.exit("learn-asgi runs on CPython 3.11 to 3.14; this is %s %d.%d (%s).\n"
             "Name another one: make learn PYTHON=python3.13" % ((name,) + version + (sys.executable,)))
try:
    import ensurepip, venv
except ImportError:
    sys.exit("%s comes without venv and ensurepip. Debian and Ubuntu pack them apart: python%d.%d-venv.\n"
             "Install that, or name another Python: make learn PYTHON=python3.13" % ((sys.executable,) + version))
endef
export CAN_INSTALL

define SHOW_INSTALL
import re, sys
WHY = {
    r"No matching distribution found for ([\w.-]+)": "{} has no wheel for this machine. There are wheels for CPython 3.11 to 3.14 on "
        "Linux with glibc (x86_64, aarch64) and on macOS.",
    r"(No space left on device)": "The disk is full.",
    r"(DO NOT MATCH THE HASHES)": "A package differs from its pinned hash: a proxy changed it, or constraints.txt is out of date.",
    r"(Failed to establish a new connection|Temporary failure in name|Read timed out|ProxyError)":
        "The package registry cannot be reached. Look at the network, the proxy and pip's configuration.",
    r"Failed (?:to build|building wheel for) ([\w.-]+)": "{} has no wheel for this machine and could not be compiled here. Install "
        "a C compiler and Python's headers (build-essential and python3-dev, or Xcode's command line tools), or name another Python.",
}
line, column = "", 0
for line in sys.stdin:
    name = re.match(r"(?:Collecting|Processing) .*?([\w-]+)(?:==|-\d)", line)
    if name:
        column = 0 if column + len(name[1]) > 76 else column
        print("" if column else "\n", name[1], end="", flush=True)
        column += len(name[1]) + 1
    elif line.startswith("WARNING: Retrying"):
        print("\n" + line.rstrip(), end="", flush=True)
print()
if line.strip() != "everything is installed":
    log = open(sys.prefix + "/install.log", encoding="utf-8", errors="replace").read()
    why = [text.format(found[1]) for sign, text in WHY.items() if (found := re.search(sign, log))]
    sys.exit("\nNot installed. " + (why[0] if why else "The last lines of what pip says:\n" + log[-1500:]))
endef
export SHOW_INSTALL
