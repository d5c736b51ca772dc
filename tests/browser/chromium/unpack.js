// Unpacks the browser, its libraries and a font from the package into $TMPDIR, and prints the path of the browser.
// The package unpacks its libraries only where it believes that it runs on AWS Lambda.
process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs22.x';
const { default: chromium } = await import('@sparticuz/chromium');
console.log(await chromium.executablePath());
