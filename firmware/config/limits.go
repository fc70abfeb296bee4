package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/numbering"
)

// eachs are the words for what has a count of its own.
var eachs = map[string]numbering.Each{"all": numbering.EachHouse, "line": numbering.EachWay, "phone": numbering.EachPhone}

// limit reads a cap on outside calls.
func (r *reader) limit(f *place.Fields) {
	l := numbering.Limit{Name: r.id(f, "name", "movil")}
	r.unique(f.At("name"), "limit", l.Name)
	who := "limit " + l.Name
	for _, c := range r.classes(f) {
		l.Classes = append(l.Classes, numbering.Class(c))
	}
	l.Pattern = r.pattern(f)
	for _, n := range f.Texts("via") {
		r.refer(n.At, who, "line or trunk", n.Text)
		l.Ways = append(l.Ways, n.Text)
	}
	for _, n := range f.Texts("phones") {
		ext := r.number(n.At, "phones", n.Text)
		r.refer(n.At, who, "phone", string(ext))
		l.Phones = append(l.Phones, ext)
	}
	l.Each = eachs[f.Enum("each", "all", "all", "line", "phone")]
	if f.Has("calls") {
		l.Calls = f.Int("calls", 1, 1, 100_000)
	} else {
		f.Get("calls")
	}
	l.PerDay = r.cap(f, "per_day", 5000*time.Hour)
	l.PerCall = r.cap(f, "per_call", 24*time.Hour)
	l.Minute, l.Setup, l.Budget = r.money(f, "minute"), r.money(f, "setup"), r.money(f, "budget")
	const kinds = "calls, per_day, per_call or budget"
	switch {
	case slices.ContainsFunc([]string{"calls", "per_day", "per_call", "budget", "minute", "setup"}, f.Meant): // a misspelt key is told already
	case f.Has("budget") && !f.Has("minute") && !f.Has("setup"):
		r.sink.Report(f.At("budget"), who+" has a budget and no prices", "nothing would ever be taken from it", "add minute: 0.05 or setup: 0.10")
	case !f.Has("budget") && (f.Has("minute") || f.Has("setup")):
		r.sink.Report(f.Where(), who+" has prices and no budget", "a price alone caps nothing", "add budget: 10.00")
	case !f.Has("calls") && !f.Has("per_day") && !f.Has("per_call") && !f.Has("budget"):
		r.sink.Report(f.Where(), who+" caps nothing", "it has none of "+kinds, "add one, such as per_day: 1h")
	}
	f.Done()
	r.cfg.Outside.Limits = append(r.cfg.Outside.Limits, l)
}

// cap reads a time that caps something; absent it caps nothing.
func (r *reader) cap(f *place.Fields, key string, most time.Duration) time.Duration {
	if !f.Has(key) {
		f.Get(key)
		return 0
	}
	return f.Duration(key, time.Minute, time.Minute, most)
}

// money reads an amount such as 0.35.
func (r *reader) money(f *place.Fields, key string) numbering.Money {
	s := f.Text(key, "")
	m, ok := numbering.ParseMoney(s)
	if f.Has(key) && f.Get(key) != nil && f.Get(key).Kind == place.Text && (!ok || m == 0) {
		r.sink.Report(f.At(key), fmt.Sprintf("%s cannot be %s", key, place.Quote(s)), "an amount has digits, a point and at most four decimals, and is not nothing", "write one such as 0.35")
	}
	return m
}

// pattern reads a form of numbers.
func (r *reader) pattern(f *place.Fields) string {
	p := f.Text("pattern", "")
	if why := numbering.CheckPattern(p); why != "" {
		r.sink.Report(f.At("pattern"), fmt.Sprintf("pattern %s cannot be read", place.Quote(p)), why, "digits, X any digit, [2-9] one of, . the rest")
	}
	return p
}
