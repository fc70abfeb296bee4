package view

import (
	"reflect"
	"testing"
	"time"
)

// fill puts a value into every field of v, times into those of times.
func fill(v reflect.Value, at time.Time) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(at))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), at)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), at)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), at)
	}
}

// count counts the times of v that are at.
func count(v reflect.Value, at time.Time) (n, all int) {
	sum := func(w reflect.Value) {
		a, b := count(w, at)
		n, all = n+a, all+b
	}
	switch v.Kind() {
	case reflect.Struct:
		if t, ok := v.Interface().(time.Time); ok {
			if t.Equal(at) {
				return 1, 1
			}
			return 0, 1
		}
		for i := range v.NumField() {
			sum(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			sum(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			sum(v.Elem())
		}
	}
	return n, all
}

// No time of the picture is forgotten, and none of what it shares with others is
// changed.
func TestTimes(t *testing.T) {
	var s Snapshot
	at := time.Date(2026, 11, 29, 1, 0, 0, 0, time.UTC)
	fill(reflect.ValueOf(&s).Elem(), at)
	before := s
	s.Times(func(t time.Time) time.Time { return t.Add(time.Hour) })
	if n, all := count(reflect.ValueOf(s), at.Add(time.Hour)); n != all || all < 15 {
		t.Errorf("%d of %d times were converted", n, all)
	}
	if n, all := count(reflect.ValueOf(before), at); n != all {
		t.Errorf("%d of %d times of the picture before are as they were", n, all)
	}
	var empty Snapshot
	empty.Times(func(t time.Time) time.Time { return t.Add(time.Hour) })
	if !reflect.DeepEqual(empty, Snapshot{}) {
		t.Errorf("nothing became %+v", empty)
	}
}
