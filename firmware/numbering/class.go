package numbering

import "github.com/centralita/centralita/firmware/tel"

// Class is what a number costs and risks.
type Class string

// Classes.
const (
	National       Class = "national"
	Mobile         Class = "mobile"
	Free           Class = "free"
	Special        Class = "special" // short codes and shared cost
	Premium        Class = "premium"
	International  Class = "international"
	EmergencyClass Class = "emergency"
)

// shortNumber is the longest number that a one-digit prefix of short codes
// speaks of: 1000 is a service, 1112345678 a telephone in Buenos Aires.
const shortNumber = 6

// Classes lists every class a route may name.
func Classes() []Class {
	return []Class{National, Mobile, Free, Special, Premium, International}
}

// country is the numbering plan of one country, as far as cost and risk go.
type country struct {
	iso       string
	code      string   // country calling code
	trunk     string   // put before a national number in place of +code
	abroad    []string // international prefixes
	length    int      // of every national number; 0 when it varies
	emergency []string
	rules     []rule // the longest prefix decides; none: national
}

type rule struct {
	class    Class
	prefixes []string
}

// Caribbean and Pacific codes of the North American plan look national and cost
// like international: the classic toll fraud of the region.
var nanpAbroad = []string{
	"1204", "1226", "1236", "1242", "1246", "1249", "1250", "1257", "1263", "1264", "1268", "1284", "1289", "1306", "1343",
	"1345", "1354", "1365", "1367", "1368", "1382", "1387", "1403", "1416", "1418", "1428", "1431", "1437", "1438", "1441",
	"1450", "1460", "1468", "1473", "1474", "1506", "1514", "1519", "1537", "1548", "1568", "1579", "1581", "1584", "1587",
	"1600", "1604", "1613", "1639", "1647", "1649", "1658", "1664", "1672", "1683", "1705", "1709", "1721", "1742", "1753",
	"1758", "1767", "1778", "1780", "1782", "1784", "1807", "1809", "1819", "1825", "1829", "1849", "1867", "1868", "1869",
	"1873", "1876", "1879", "1902", "1905", "1942",
}

// countries holds what each regulator publishes about its plan, reduced to
// prefixes. Where a plan is finer than this the dearer class was taken.
var countries = []country{
	{"ES", "34", "", []string{"00"}, 9, []string{"112", "061", "062", "080", "085", "088", "091", "092", "016"}, []rule{
		{Mobile, []string{"6", "71", "72", "73", "74", "75", "76", "77", "78", "79"}}, {Free, []string{"800", "900", "116"}},
		{Special, []string{"901", "902", "0", "1", "70"}}, {Premium, []string{"803", "806", "807", "905", "907", "118"}}}},
	{"MX", "52", "", []string{"00"}, 10, []string{"911", "089"}, []rule{
		{Free, []string{"800"}}, {Premium, []string{"900"}}, {Special, []string{"0"}}}},
	{"CL", "56", "", []string{"00", "1"}, 9, []string{"131", "132", "133", "134", "135", "149"}, []rule{
		{Mobile, []string{"9"}}, {Free, []string{"800"}}, {Special, []string{"600", "809", "10", "14"}}, {Premium, []string{"700"}}}},
	{"AR", "54", "0", []string{"00"}, 0, []string{"911", "100", "101", "107", "103", "144"}, []rule{
		{Mobile, []string{"15"}}, {Free, []string{"0800"}}, {Special, []string{"0810", "0822", "1"}}, {Premium, []string{"0600", "0603", "0605", "0606", "0609"}}}},
	{"CO", "57", "", []string{"00"}, 10, []string{"123", "112", "119", "125", "132"}, []rule{
		{Mobile, []string{"3"}}, {Free, []string{"01800", "018000", "800"}}, {Special, []string{"1"}}, {Premium, []string{"901", "01901", "019001"}}}},
	{"PE", "51", "", []string{"00", "19"}, 0, []string{"105", "106", "116", "117", "115", "911"}, []rule{
		{Mobile, []string{"9"}}, {Free, []string{"0800"}}, {Special, []string{"0801", "1"}}, {Premium, []string{"0808", "0901"}}}},
	{"US", "1", "1", []string{"011", "010"}, 0, []string{"911", "933", "988"}, []rule{
		{Free, []string{"1800", "1888", "1877", "1866", "1855", "1844", "1833"}}, {Special, []string{"211", "311", "411", "511", "611", "711", "811"}},
		{Premium, []string{"1900", "900", "976", "1976"}}, {International, nanpAbroad}}},
	{"UK", "44", "0", []string{"00"}, 0, []string{"999", "112", "111", "101"}, []rule{
		{Mobile, []string{"07"}}, {Free, []string{"080", "0500"}}, {Special, []string{"084", "03", "1"}}, {Premium, []string{"087", "09", "070", "118", "076"}}}},
	{"DE", "49", "0", []string{"00"}, 0, []string{"110", "112", "116117"}, []rule{
		{Mobile, []string{"015", "016", "017"}}, {Free, []string{"0800", "116"}}, {Special, []string{"0180", "032", "115"}}, {Premium, []string{"0900", "0137", "118", "0700"}}}},
	{"FR", "33", "0", []string{"00"}, 0, []string{"112", "15", "17", "18", "114", "115", "119"}, []rule{
		{Mobile, []string{"06", "07"}}, {Free, []string{"080"}}, {Special, []string{"081", "1", "3"}}, {Premium, []string{"082", "089", "118"}}}},
	{"BR", "55", "0", []string{"00"}, 0, []string{"190", "192", "193", "199", "112", "911"}, []rule{
		{Free, []string{"0800"}}, {Special, []string{"0300", "1", "400"}}, {Premium, []string{"0900", "0500"}}}},
	{"IT", "39", "", []string{"00"}, 0, []string{"112", "113", "115", "118", "1530"}, []rule{
		{Mobile, []string{"3"}}, {Free, []string{"800", "803"}}, {Special, []string{"84", "1"}}, {Premium, []string{"89", "144", "166", "12", "4"}}}},
	{"PT", "351", "", []string{"00"}, 9, []string{"112", "115", "117"}, []rule{
		{Mobile, []string{"9"}}, {Free, []string{"800"}}, {Special, []string{"707", "708", "808", "809", "1"}}, {Premium, []string{"60", "64", "65", "66", "67", "68", "69", "76"}}}},
}

// other serves a country that is not in the table: whatever looks like leaving
// it is international, short numbers are special.
var other = country{iso: "", abroad: []string{"00", "011"}, emergency: []string{"112"}}

// Known reports whether the country has a plan of its own here.
func Known(iso string) bool { return find(iso).iso != "" }

func find(iso string) *country {
	if iso == "GB" {
		iso = "UK"
	}
	for i := range countries {
		if countries[i].iso == iso {
			return &countries[i]
		}
	}
	return &other
}

// Classify returns the class of number in the country and the number as it is
// dialled there: +code of the same country becomes national, + of another the
// first international prefix.
func Classify(iso string, number tel.Number) (Class, tel.Number) {
	c := find(iso)
	if rest, ok := cut(number, "+"); ok {
		national, same := cut(rest, tel.Number(c.code))
		if c.code == "" || !same {
			return International, tel.Number(c.abroad[0]) + rest
		}
		number = tel.Number(c.trunk) + national
	}
	for _, e := range c.emergency {
		if number == tel.Number(e) {
			return EmergencyClass, number
		}
	}
	best, class := 0, National
	try := func(prefix string, as Class) {
		if _, ok := cut(number, tel.Number(prefix)); ok && len(prefix) >= best {
			best, class = len(prefix), as
		}
	}
	for _, r := range c.rules {
		for _, p := range r.prefixes {
			if len(p) > 1 || r.class != Special || len(number) <= shortNumber {
				try(p, r.class)
			}
		}
	}
	for _, p := range c.abroad {
		if len(number) > 6 {
			try(p, International)
		}
	}
	if c.iso == "US" && len(number) == 10 {
		if as, _ := Classify(iso, "1"+number); as != National {
			return as, number
		}
	}
	if best == 0 && len(number) < 5 {
		class = Special
	}
	return class, number
}
