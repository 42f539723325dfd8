"""What remains of a player: nothing, once he is forgotten or his time is up."""

import os
import unittest

from tools import wait_for
from world import World

DAY = 86400
WEEK = 7 * DAY  # an epoch, as configured by default


def epoch_files(world):
    return sorted(name for name in os.listdir(world.key_dir)
                  if name.startswith("epoch-"))


class Epochs(unittest.TestCase):
    def test_weeks_pass_without_a_mail(self):
        with World(clock=True) as world:
            first = epoch_files(world)
            self.assertEqual(len(first), 1)
            world.advance(WEEK)
            wait_for(lambda: len(epoch_files(world)) == 2, 10,
                     "a second epoch")
            # Six weeks after its end at the latest nothing opens it.
            world.advance(6 * WEEK)
            wait_for(lambda: first[0] not in epoch_files(world), 10,
                     "the end of the first epoch")
            self.assertEqual(world.faults(), [])


if __name__ == "__main__":
    unittest.main()
