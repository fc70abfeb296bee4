// Command centralita is the appliance, and the way to talk to a running one.
package main

import (
	"os"

	"github.com/centralita/centralita/firmware/app"
)

func main() { os.Exit(app.Main(os.Args[1:], os.Stdout, os.Stderr)) }
