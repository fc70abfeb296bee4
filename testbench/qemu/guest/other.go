//go:build !linux

// Package guest is of Linux: see guest.go.
package guest
