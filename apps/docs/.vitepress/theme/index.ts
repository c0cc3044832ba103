import type { Theme } from 'vitepress';
import { defineAsyncComponent } from 'vue';
import DefaultTheme from 'vitepress/theme';
import HomeShowcase from './components/HomeShowcase.vue';
import LiveExample from './components/LiveExample.vue';
import PaperTable from './components/PaperTable.vue';
import './style.css';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('HomeShowcase', HomeShowcase);
    app.component('LiveExample', LiveExample);
    app.component('PaperTable', PaperTable);
    // Large, and each needed by one page.
    app.component(
      'MergeTool',
      defineAsyncComponent(() => import('./components/MergeTool.vue')),
    );
  },
} satisfies Theme;
