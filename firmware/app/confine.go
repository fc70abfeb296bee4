package app

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/centralita/centralita/board"
	"github.com/centralita/centralita/firmware/confine"
)

// confinedMark is set for the program that begins with its files bound.
const confinedMark = "CENTRALITA_CONFINED"

// confined takes from the program what its work does not need, and tries whether it is
// gone. It is called before anything from outside is read. What fails is told to all
// who ask for the board: calls go on.
func (c *runCmd) confined() []board.Report {
	if !c.Confine {
		return nil
	}
	var files error
	if _, bound := os.LookupEnv(confinedMark); !bound {
		files = c.bind() // the program came no further if it went well
	}
	files = errors.Join(files, os.Unsetenv(confinedMark))
	calls := confine.Seal()
	return []board.Report{confinement(files, calls, confine.Doors())}
}

// confinement reports what came of binding the files and the system calls, and of trying
// the doors.
func confinement(files, calls error, doors []confine.Door) board.Report {
	r := board.Report{Driver: "kernel", Port: "confinement", State: board.Failed}
	open := slices.IndexFunc(doors, func(d confine.Door) bool { return d.Open })
	switch {
	case files != nil:
		r.Why = files.Error()
	case calls != nil:
		r.Why = calls.Error()
	case open >= 0:
		r.Why = "this can still be done: " + doors[open].Name
	case len(doors) == 0:
		r.Why = "no door was tried"
	default:
		r.State, r.What = board.Loaded, fmt.Sprintf("files by Landlock, system calls by a filter; %d doors were tried and are shut", len(doors))
	}
	return r
}

// bind binds the files, and becomes the same program again.
func (c *runCmd) bind() error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find this program's file: %w", err)
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("cannot make the data folder: %w", err)
	}
	args := slices.Concat([]string{program}, os.Args[1:])
	return confine.Enter(confine.For(program, c.Data, c.Config), args, confine.Environ(confinedMark, "1"))
}
