package view

// Machine is the computer below the house, as far as its kernel shows it.
type Machine struct {
	DiskSize uint64 `json:"disk_size"` // bytes of the file system of the data folder; 0: not known
	DiskFree uint64 `json:"disk_free"` // of them we may use
	DiskLow  bool   `json:"disk_low,omitempty"`

	MemorySize uint64 `json:"memory_size"` // bytes; 0: not known
	MemoryFree uint64 `json:"memory_free"` // that programs may have without swapping

	Celsius *float64 `json:"celsius,omitempty"` // of the hottest zone; nil: none is shown
	Hot     bool     `json:"hot,omitempty"`

	Power string `json:"power,omitempty"` // "ok", "low" (now or minutes ago); empty: not shown
}
