package main

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
)

// profileFolder names a folder for the profiles of a measured licensebot: cpu.pprof and
// allocs.pprof, from its start to its end. The product has no such switch.
const profileFolder = "LICENSEBOT_BENCH_PROFILE"

// startProfiles begins a profile of the processor. write ends it, and writes what was
// allocated. Without a folder neither does anything.
func startProfiles(folder string) (write func()) {
	if folder == "" {
		return func() {}
	}
	cpu, err := os.Create(filepath.Join(folder, "cpu.pprof"))
	if err == nil {
		err = pprof.StartCPUProfile(cpu)
	}
	if err != nil {
		panic(err)
	}
	runtime.MemProfileRate = 64 << 10
	return func() {
		pprof.StopCPUProfile()
		allocs, err := os.Create(filepath.Join(folder, "allocs.pprof"))
		if err == nil {
			err = pprof.Lookup("allocs").WriteTo(allocs, 0)
		}
		if err != nil {
			panic(err)
		}
	}
}
