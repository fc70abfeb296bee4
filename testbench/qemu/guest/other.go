//go:build !linux

package guest
