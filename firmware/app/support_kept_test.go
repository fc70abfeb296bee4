package app

import (
	"reflect"
	"strings"
	"testing"

	"github.com/centralita/centralita/firmware/config"
	"github.com/centralita/centralita/firmware/config/life"
	"github.com/centralita/centralita/firmware/update/slotwire"
)

// Every field that a support bundle may show exists: one that was given another name
// would not be shown any more, and nobody would see why.
func TestFieldsOfASupportBundleExist(t *testing.T) {
	there := map[string]bool{}
	var walk func(x reflect.Type)
	walk = func(x reflect.Type) {
		switch x.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			walk(x.Elem())
		case reflect.Struct:
			if there[x.String()] {
				return
			}
			there[x.String()] = true
			for i := range x.NumField() {
				f := x.Field(i)
				there[x.String()+"."+f.Name] = true
				walk(f.Type)
			}
		}
	}
	for _, v := range []any{config.Config{}, slotwire.Status{}, life.Index{}} {
		walk(reflect.TypeOf(v))
	}
	for _, kept := range []map[string]bool{keptConfig, keptBox} {
		for name := range kept {
			if !there[strings.TrimSuffix(name, " host")] {
				t.Errorf("there is no field %s", name)
			}
		}
	}
}
