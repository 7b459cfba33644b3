//go:build race

package chaos

// raced has licensebot built as this test is: then most of it is in the build
// cache already, and its races are found as well.
const raced = true
