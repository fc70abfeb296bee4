package slotkeeper

import "syscall"

// nonblock keeps the opening of a pipe, should one stand where a file stood, from
// waiting for a writer.
const nonblock = syscall.O_NONBLOCK
