//go:build !linux

package abslot

import "errors"

func system(string) (Medium, error) {
	return nil, errors.New("cannot open the disk with the slots: that is done on Linux alone")
}

func aligned(size int) []byte { return make([]byte, size) }
