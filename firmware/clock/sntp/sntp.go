// Package sntp asks time servers of the network what time it is (RFC 5905, as a
// client alone). Several are asked at once and only what most of them agree on
// counts, so that one wrong server moves nothing.
package sntp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/beevik/ntp"

	"github.com/centralita/centralita/firmware/clock"
)

// Bounds.
const (
	MaxServers = 4
	within     = 5 * time.Second // of one server
	agree      = time.Second     // servers that are no farther apart say the same
)

// Dial opens the way to a server.
type Dial func(ctx context.Context, network, addr string) (net.Conn, error)

// Asker asks servers.
type Asker struct {
	Servers []string // host or host:port
	Dial    Dial     // nil: the system's
}

// answer is what a server said: how far the clock that now came from is behind.
type answer struct {
	offset time.Duration
	err    error
}

// Ask asks every server once and returns what most of those that answered say.
func (a Asker) Ask(ctx context.Context) (clock.Net, error) {
	answers := make([]answer, len(a.Servers))
	var all sync.WaitGroup
	for i, server := range a.Servers {
		all.Go(func() { answers[i] = a.one(ctx, server) })
	}
	all.Wait()
	offset, n, err := agreed(answers)
	if err != nil {
		return clock.Net{}, fmt.Errorf("cannot get the time from %s: %w", strings.Join(a.Servers, ", "), err)
	}
	return clock.Net{At: time.Now().Add(offset).Round(0), From: fmt.Sprintf("%d of %d servers", n, len(a.Servers))}, nil
}

// one asks one server. What it says of itself is checked: that it answers us, that it
// is synchronised, and that the way there and back did not take too long.
func (a Asker) one(ctx context.Context, server string) answer {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	o := ntp.QueryOptions{Timeout: within}
	if a.Dial != nil {
		o.Dialer = func(_, remote string) (net.Conn, error) { return a.Dial(ctx, "udp", remote) }
	}
	r, err := ntp.QueryWithOptions(server, o)
	if err == nil {
		err = r.Validate()
	}
	if err != nil {
		return answer{err: fmt.Errorf("%s: %w", server, err)}
	}
	return answer{offset: r.ClockOffset}
}

// errApart is when no more than half say the same.
var errApart = errors.New("the servers do not agree")

// agreed returns the middle of the largest group that agrees, and how many are in it.
// The group must be more than half of those that answered.
func agreed(answers []answer) (time.Duration, int, error) {
	var said []time.Duration
	var errs []error
	for _, a := range answers {
		if a.err != nil {
			errs = append(errs, a.err)
		} else {
			said = append(said, a.offset)
		}
	}
	if len(said) == 0 {
		return 0, 0, errors.Join(errs...)
	}
	slices.Sort(said)
	from, most := 0, 0
	for i := range said {
		j := i
		for j < len(said) && said[j]-said[i] <= agree {
			j++
		}
		if j-i > most {
			from, most = i, j-i
		}
	}
	if 2*most <= len(said) {
		return 0, 0, fmt.Errorf("%w: they are %v apart", errApart, (said[len(said)-1] - said[0]).Round(time.Millisecond))
	}
	return said[from+most/2], most, nil
}
