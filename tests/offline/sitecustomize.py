"""Found through PYTHONPATH by every Python program that a test starts: the same guard as in the test itself."""

import netguard

netguard.install()
