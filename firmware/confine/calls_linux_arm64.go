package confine

import "golang.org/x/sys/unix"

// native is the architecture whose calls are meant.
const native = unix.AUDIT_ARCH_AARCH64

// older are calls that this architecture never had.
var older []uint32
