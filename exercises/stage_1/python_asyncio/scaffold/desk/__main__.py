"""Given: `python -m desk`, which runs one order and ends. Nothing to change here.

Exit code 0: every symbol has its price. 1: some have none. 130: ended by Ctrl-C.
"""

import asyncio
import sys

from desk import aggregator, order, report

LAST_STEPS = 20


async def main() -> int:
    """Run the order; tell what failed, and which tasks run() has left behind."""
    failed = await aggregator.run(order.from_arguments())
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if any(task.cancelling() for task in others):  # they may still need a step or two
        for _ in range(LAST_STEPS):
            await asyncio.sleep(0)
        others = {task for task in others if not task.done()}
    report.end(list(failed), sorted(task.get_coro().__qualname__ for task in others))
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main()))
    except KeyboardInterrupt:  # asyncio.run has cancelled main(), and waited for it
        sys.exit(130)
