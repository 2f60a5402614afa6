"""Yours: what the pages and the command ask for, bridged between an SDK that blocks and a client that is awaited."""

from depot import legacy

METER = legacy.Meter()


async def locate(parcels: list[str]) -> dict[str, str | None]:
    """Where each parcel is; None for one that the carrier does not know. Raises CarrierDown."""
    # It works, for one visitor at a time.
    legacy.sign_in()
    return {parcel: legacy.fetch(parcel) for parcel in parcels}


async def stamp(parcel: str) -> int:
    """The number of the parcel's stamp, by the meter of this process. Raises CarrierDown."""
    return METER.stamp(parcel)


async def hand_over(parcels: list[str]) -> str:
    """The driver's receipt for these parcels, each signed by the register. Raises Refused."""
    raise NotImplementedError("legacy.hand_over() wants a plain function, Register.sign() is awaited")


def look_up(parcels: list[str]) -> dict[str, str]:
    """Who gets each parcel, by the register. Raises Refused."""
    raise NotImplementedError("Register.look_up() is awaited, and this is a plain function")
