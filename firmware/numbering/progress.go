package numbering

import "github.com/centralita/centralita/firmware/tel"

// Progress is what is known of a number while it is being dialled.
type Progress uint8

// Progress of a number.
const (
	More     Progress = iota // it can become something; wait for a digit or the time-out
	Complete                 // it is whole and nothing longer begins with it
	Never                    // nothing of the plan begins like this
)

// String returns the name.
func (p Progress) String() string {
	switch p {
	case Complete:
		return "complete"
	case Never:
		return "never"
	}
	return "more"
}

// Progress says whether the digits dialled so far are a whole number, the
// beginning of one, or nothing. '#' at the end of an outside number ends it.
func (p *Plan) Progress(dialled tel.Number) Progress {
	whole, longer := p.inside(dialled)
	rest, out := cut(dialled, p.Prefix)
	if out && rest != "" {
		w, l := p.outward(rest)
		whole, longer = whole || w, longer || l
	} else if _, begins := cut(p.Prefix, dialled); begins && p.Prefix != "" {
		longer = true
	}
	switch {
	case whole && !longer:
		return Complete
	case longer, whole:
		return More
	}
	return Never
}

// inside looks at extensions, queues, feature codes and emergency numbers.
func (p *Plan) inside(dialled tel.Number) (whole, longer bool) {
	see := func(n tel.Number) {
		if n == dialled {
			whole = true
		} else if _, ok := cut(n, dialled); ok {
			longer = true
		}
	}
	for _, n := range p.Extensions {
		see(n)
	}
	for _, q := range p.Queues {
		see(q.Ext)
	}
	for _, n := range p.Emergency {
		see(n)
	}
	for _, n := range find(p.Country).emergency {
		see(tel.Number(n))
	}
	for _, f := range p.Features {
		if len(f.Args) == 0 {
			see(f.Number)
			continue
		}
		for _, a := range f.Args {
			see(f.Number + a)
		}
		if arg, ok := cut(dialled, f.Number); ok && len(arg) < 8 {
			longer = longer || !whole // a wrong argument is told, not cut off
		}
	}
	return whole, longer
}

// outward looks at a number after the outside prefix.
func (p *Plan) outward(n tel.Number) (whole, longer bool) {
	c := find(p.Country)
	if n[len(n)-1] == '#' {
		return len(n) > 1 && digitsOnly(n[:len(n)-1]), false
	}
	if !digitsOnly(n) {
		return false, false
	}
	emergency := p.Emergency
	for _, e := range c.emergency {
		emergency = append(emergency[:len(emergency):len(emergency)], tel.Number(e))
	}
	for _, e := range emergency {
		if n == e {
			whole = true
		} else if _, ok := cut(e, n); ok {
			longer = true
		}
	}
	if whole && !longer {
		return true, false
	}
	class, _ := Classify(p.Country, n)
	if c.length > 0 && class != International && class != Special && !abroadBegins(c, n) {
		switch {
		case len(n) == c.length:
			return true, longer
		case len(n) > c.length:
			return whole, longer
		}
	}
	return whole, longer || len(n) < 18
}

func abroadBegins(c *country, n tel.Number) bool {
	for _, a := range c.abroad {
		if _, ok := cut(n, tel.Number(a)); ok {
			return true
		}
		if _, ok := cut(tel.Number(a), n); ok {
			return true
		}
	}
	return false
}
