"""Both companies and everybody in them; each time, somebody who can do something does it, by chance."""

from __future__ import annotations

from tests.simulation.bookkeepers import Bookkeepers
from tests.simulation.scene import Scene
from tests.simulation.sellers import Sellers


class World:
    """The people on both sides."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.sellers = Sellers(scene, most=scene.chance.randint(3, 8))
        self.bookkeepers = Bookkeepers(scene)
        self.bookkeepers.settle_in()
        self.sellers.settle_in()

    def act(self) -> None:
        """Somebody does one thing."""
        acts = {**self.sellers.acts, **self.bookkeepers.acts}
        while acts:
            act = self.scene.chance.choices(list(acts), list(acts.values()))[0]
            if act():
                self.scene.reached[act.__name__.strip("_").replace("_", " ")] += 1
                return
            del acts[act]

    def kill_token(self) -> None:
        """Intuit no longer takes the access token."""
        self.scene.tell("the access token dies")
        for grant in self.scene.quickbooks.grants._grants:
            grant.access.update(dict.fromkeys(grant.access, self.scene.clock.time))
        self.scene.changed("quickbooks")
