//go:build !linux

package slotkeeper

const nonblock = 0
