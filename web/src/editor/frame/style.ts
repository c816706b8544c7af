// How the editor looks beside the rest of the page.
export const themeStyle = `
html, body { margin: 0; background: #fff; height: auto; min-height: 0; }
body { font: 16px/1.5 system-ui, sans-serif; outline: none; }
#editor { padding: 0.5rem; min-height: 0; }
#editor .lsf-menu, #editor .lsf-main-view__infobar { display: none; }
#editor .lsf-editor, #editor .lsf-wrapper, #editor .lsf-common-container, #editor .lsf-main-view, #editor .lsf-main-content { height: auto; min-height: 0; background: transparent; border: 0; }
#editor .lsf-editor .lsf-wrapper { display: block; }
#editor .lsf-choice { font-size: 1.05rem; }
#editor .lsf-choice .lsf-choice__item { min-height: 2.75rem; display: flex; align-items: center; }
#editor .lsf-choice .ant-checkbox-wrapper { font-size: 1rem; padding: 0.5rem 0; }
#editor .ant-checkbox-inner, #editor .ant-radio-inner { border-color: #767676; }
#editor .lsf-text-tag, #editor .lsf-htx-richtext { font-size: 1.1rem; line-height: 1.6; }
:root[data-theme="dark"] #editor { filter: invert(0.9) hue-rotate(180deg); }
:root[data-theme="dark"], :root[data-theme="dark"] body { background: #191919; }
`;
