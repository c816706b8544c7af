// How the editor looks beside the rest of the page.
export const themeStyle = `
html, body { margin: 0; background: #fff; }
body { font: 16px/1.5 system-ui, sans-serif; outline: none; }
`;
