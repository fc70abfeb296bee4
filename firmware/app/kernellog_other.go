//go:build !linux

package app

import "errors"

func kernelLog() ([]byte, error) {
	return nil, errors.New("cannot read the kernel's messages: this is no Linux")
}
