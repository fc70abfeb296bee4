package main

import (
	"context"
	"sync"
	"time"

	"github.com/centralita/centralita/testbench/linesim"
)

// serve keeps the central office up until ctx ends: every line gives dial tone
// and whoever is dialled answers after two seconds and says nothing. It is what a
// test of a line (`centralita line L2 test`) and outgoing calls need.
func (w *Walk) serve(ctx context.Context, s *linesim.Sim) error {
	w.begin = time.Now()
	line, err := s.Line(w.Line)
	if err != nil {
		return err
	}
	if err := w.Copper.lay(line, s.Board.Country); err != nil {
		return err
	}
	w.tell("the office is up: %d lines, country %s; L%d is %s; ^C ends it", s.Board.FXO, s.Board.Country, w.Line, &w.Copper)
	var all sync.WaitGroup
	dialled := make(chan string)
	for n := range s.Board.FXO {
		l, err := s.Line(n + 1)
		if err != nil {
			return err
		}
		all.Go(func() {
			for {
				c, err := l.Dialled(ctx)
				if err != nil {
					return // the end, or the wire is cut, which the office tells
				}
				select {
				case dialled <- l.String() + " dials " + c.Dialled:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	defer all.Wait()
	for {
		select {
		case what := <-dialled:
			w.tell("%s", what)
		case <-ctx.Done():
			return nil
		case <-s.Gone():
			return s.Err()
		}
	}
}
