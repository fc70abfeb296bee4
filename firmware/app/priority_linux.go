package app

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/centralita/centralita/board"
)

// priority is ours among real-time programs: above everything ordinary, below the
// kernel's own threads that serve interrupts (50).
const priority = 5

// hurry gives every thread of the program real-time priority (SCHED_RR, sched(7)),
// so that audio is on time while others want the machine; threads made later
// inherit it. It is called once, before a house is built. Whoever starts the program
// permits it by the limit RLIMIT_RTPRIO, root too: a program under test or on a desk
// is not to push others aside. Where it is not permitted the program works as it is,
// and the report says what would permit it.
func hurry() board.Report {
	r := board.Report{Driver: "kernel", Port: "priority", State: board.Loaded, What: fmt.Sprintf("real time, round robin, %d", priority)}
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_RTPRIO, &limit)
	switch {
	case err != nil:
	case limit.Cur < priority:
		err = unix.EPERM
	default:
		err = eachThread(realTime)
	}
	switch {
	case errors.Is(err, unix.EPERM):
		r.What = "as every program; LimitRTPRIO=10 in the service's unit, or ulimit -r 10, permits real time"
	case err != nil:
		r.State, r.What, r.Why = board.Failed, "", err.Error()
	}
	return r
}

// eachThread calls f for each thread of the program until no new one is found.
func eachThread(f func(tid int) error) error {
	done := map[string]bool{}
	for fresh := true; fresh; {
		fresh = false
		entries, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("cannot list the program's threads: %w", err)
		}
		for _, e := range entries {
			tid, err := strconv.Atoi(e.Name())
			if err != nil || done[e.Name()] {
				continue
			}
			done[e.Name()], fresh = true, true
			if err := f(tid); err != nil && !errors.Is(err, unix.ESRCH) { // it has ended meanwhile
				return err
			}
		}
	}
	return nil
}

// realTime gives one thread the priority.
func realTime(tid int) error {
	err := unix.SchedSetAttr(tid, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_RR, Priority: priority}, 0)
	if err != nil {
		return fmt.Errorf("cannot give thread %d priority %d: %w", tid, priority, err)
	}
	return nil
}
