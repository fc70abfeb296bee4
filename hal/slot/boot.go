package slot

// Start is what the boot loader starts.
type Start struct {
	Slot  ID   // None: the recovery system
	Trial bool // it falls back unless it is declared good
}

// Boot is the rule of the boot loader. r is the record, known tells whether a
// whole copy was found, loads whether kernel, initramfs and device tree of a slot
// can be read. save is called with each changed record before the start that it
// permits, and must have made it durable; it may fail, and the start goes on.
//
//  1. Without a record: a, then b, then recovery.
//  2. A slot is on trial and has starts left: count one down, save, start it. One
//     that cannot be loaded is given up at once ("b/unbootable").
//  3. A slot is on trial and has none left: it is given up ("b/ended"), save.
//  4. The good slot; where it cannot be loaded, the other if it holds an image;
//     else recovery.
//
// A trial whose count cannot be saved would never end, so it is not begun.
func Boot(r Record, known bool, loads func(ID) bool, save func(Record) error) Start {
	if !known {
		return first(loads, A, B)
	}
	if r.Try != None {
		why := string(r.Try) + "/ended"
		if r.Tries > 0 && r.Of(r.Try).Full() {
			r.Tries--
			switch {
			case save(r) != nil:
				return standing(r, loads)
			case loads(r.Try):
				return Start{Slot: r.Try, Trial: true}
			}
			why = string(r.Try) + "/unbootable"
		}
		r.Try, r.Tries, r.Why = None, 0, why
		_ = save(r) // it is given up again at the next start
	}
	return standing(r, loads)
}

// standing starts what stands without a trial.
func standing(r Record, loads func(ID) bool) Start {
	if other := r.Good.Other(); r.Of(other).Full() {
		return first(loads, r.Good, other)
	}
	return first(loads, r.Good)
}

// first starts the first slot that can be loaded.
func first(loads func(ID) bool, ids ...ID) Start {
	for _, id := range ids {
		if loads(id) {
			return Start{Slot: id}
		}
	}
	return Start{}
}
