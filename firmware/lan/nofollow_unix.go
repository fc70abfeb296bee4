//go:build unix

package lan

import "syscall"

// noFollow makes opening a symbolic link an error, and waits for nobody at a pipe.
const noFollow = syscall.O_NOFOLLOW | syscall.O_NONBLOCK
