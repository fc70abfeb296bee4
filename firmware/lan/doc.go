// Package lan is the box in its network: which addresses are wanted and which
// there are, the trial of a new address that takes itself back when nobody
// confirms it, and the tests that tell a technician where the way ends. Reading
// needs no privilege; Kernel, which changes addresses, needs CAP_NET_ADMIN and is
// the keeper's. What is wanted stands in a file of its own and not in the
// configuration: an address belongs to a box in its place, the configuration goes
// from box to box and back to older versions.
package lan
