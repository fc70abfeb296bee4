package redact

import (
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"time"
)

// mostDeep is how deep Tree looks.
const mostDeep = 24

// kept are named texts that say nothing of anybody.
var kept = map[string]bool{"tel.PortID": true, "tel.TrunkID": true, "tel.QueueID": true, "tel.CallID": true, "tel.Lang": true, "tel.Cause": true, "tel.By": true, "tel.Direction": true}

// Tree makes of a value what may be shown of it, for JSON, by the types of its parts:
// numbers, times and addresses stay, telephone numbers are masked, and a text stays
// only where keep names it as TYPE.Field ("config.Line.Socket"); so a field that
// comes later shows nothing by itself. Values whose name is that of a secret are hidden
// whatever they are.
func Tree(v any, keep map[string]bool) any { return (&tree{keep}).of(reflect.ValueOf(v), "", 0) }

type tree struct{ keep map[string]bool }

func (t *tree) of(v reflect.Value, field string, deep int) any {
	if !v.IsValid() || deep > mostDeep {
		return nil
	}
	if known, ok := t.known(v, field); ok {
		return known
	}
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint()
	case reflect.Float32, reflect.Float64:
		return v.Float()
	case reflect.String:
		return t.text(v, field)
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return t.of(v.Elem(), field, deep+1)
	case reflect.Slice, reflect.Array:
		return t.list(v, field, deep)
	case reflect.Struct:
		return t.fields(v, deep)
	case reflect.Map:
		return fmt.Sprintf("%d entries", v.Len()) // its keys could be anybody's
	}
	return nil
}

// known shows types that are not looked into.
func (t *tree) known(v reflect.Value, field string) (any, bool) {
	if !v.CanInterface() {
		return nil, true
	}
	switch x := v.Interface().(type) {
	case time.Duration:
		return x.String(), true
	case time.Time:
		return x, true
	case *time.Location:
		if x == nil {
			return nil, true
		}
		return x.String(), true
	case netip.Addr:
		return x.String(), true
	case netip.AddrPort:
		return x.String(), true
	case netip.Prefix:
		return x.String(), true
	case []byte:
		return fmt.Sprintf("%d bytes", len(x)), true
	}
	return nil, false
}

// text shows a text where it may be shown.
func (t *tree) text(v reflect.Value, field string) any {
	s := v.String()
	name := v.Type().String()
	switch {
	case s == "":
		return ""
	case name == "tel.Number" || name == "tel.Digit":
		return Numbers(s)
	case kept[name] || t.keep[field]:
		return Numbers(Line(s))
	case t.keep[field+" host"]: // of a URL the scheme and the host
		if u, err := url.Parse(s); err == nil && u.Host != "" {
			return u.Scheme + "://" + u.Host + "/" + Hidden
		}
	}
	return Hidden
}

func (t *tree) list(v reflect.Value, field string, deep int) any {
	out := make([]any, v.Len())
	for i := range out {
		out[i] = t.of(v.Index(i), field, deep+1)
	}
	return out
}

func (t *tree) fields(v reflect.Value, deep int) any {
	out := map[string]any{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		if Secret(f.Name) {
			if !v.Field(i).IsZero() {
				out[f.Name] = Hidden
			}
			continue
		}
		out[f.Name] = t.of(v.Field(i), v.Type().String()+"."+f.Name, deep+1)
	}
	return out
}
