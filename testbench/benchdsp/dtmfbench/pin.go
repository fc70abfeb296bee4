package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"strconv"

	"os"
)

// core is the core that cost is measured on: the last one.
func core() string { return strconv.Itoa(runtime.NumCPU() - 1) }

// pin keeps this whole program on one core.
func pin() error {
	runtime.GOMAXPROCS(1)
	out, err := exec.Command("taskset", "-a", "-c", "-p", core(), strconv.Itoa(os.Getpid())).CombinedOutput()
	if err != nil {
		return fmt.Errorf("cannot pin to core %s: %v\n%s", core(), err, out)
	}
	return nil
}
